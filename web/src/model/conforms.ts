// What the server's own document says must fit what this client was written for: checked when types are, absent from the build.

import type { components } from './api';
import type * as own from './types';

type Server = components['schemas'];
/** Fails to compile unless every value of From can stand where To is expected. */
type Fits<From extends To, To> = From;

export type Conforms = [
  Fits<Loose<Server['Message']>, Loose<own.Message>>,
  Fits<Loose<Server['Document']>, Loose<own.Document>>,
  Fits<Loose<own.NewDocument>, Loose<Server['NewDocument']>>,
  Fits<Loose<Server['Patient']>, Loose<own.Patient>>,
  Fits<Loose<Server['TeamItem']>, Loose<own.TeamItem>>,
  Fits<Loose<Server['Member']>, Loose<own.Member>>,
  Fits<Loose<Server['Rights']>, Loose<own.MyRights>>,
  Fits<Loose<Server['Will']>, Loose<own.Will>>,
  Fits<Loose<Server['Me']>, Loose<own.Me>>,
  Fits<Loose<Server['Instance']>, Loose<own.Instance>>,
  Fits<Loose<Server['Audience']>, Loose<own.Audience>>,
  Fits<Loose<own.NewPatient>, Loose<Server['OpenRequest']>>,
  Fits<Loose<Partial<Omit<own.NewPatient, 'id' | 'information' | 'seat' | 'not_a_double'>>>, Loose<Server['Patch']>>,
  Fits<Loose<own.NewWill>, Loose<Server['NewWill']>>,
  Fits<Loose<Server['Revision']>, Loose<own.Revision>>,
  Fits<Loose<Server['Explanation']>, Loose<own.Explanation>>,
  Fits<Loose<Server['AccessItem']>, Loose<own.Access>>,
  Fits<Loose<own.Narrowing>, Loose<Server['Narrowing']>>,
  Fits<Loose<own.NewMember>, Loose<Server['NewMember']>>,
  Fits<Loose<Server['StructurePlace']>, Loose<own.StructurePlace>>,
  Fits<Loose<Server['StructureItem']>, Loose<own.StructureItem>>,
  Fits<Loose<Server['StructureDetail']>, Loose<own.WholeStructure>>,
  Fits<Loose<own.NewStructure>, Loose<Server['NewStructure']>>,
  Fits<Loose<own.NewStructurePlace>, Loose<Server['NewStructurePlace']>>,
  Fits<Loose<own.NewBelonging>, Loose<Server['NewBelonging']>>,
  Fits<Loose<Server['StandIn']>, Loose<own.StandIn>>,
  Fits<Loose<own.NewStandIn>, Loose<Server['NewStandIn']>>,
  Fits<Loose<own.NewMessage>, Loose<Server['NewMessage']>>,
];

/** Codes are plain strings in the document where the client lists them; names and optionality are compared. */
type Loose<T> = T extends string ? string : T extends number | boolean | null | undefined ? T : T extends (infer E)[] ? Loose<E>[] : { [K in keyof T]: Loose<T[K]> };
