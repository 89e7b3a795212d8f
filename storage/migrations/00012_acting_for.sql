-- Acting for another: structures that hold places through those who work there; replacements and secretariats.

-- +goose Up

grant create on schema public to liaison_locator;

create table organisations (
  id         uuid primary key,
  kind       text not null check (kind in ('cabinet', 'maison_de_sante', 'pharmacie', 'ssiad', 'saad', 'hopital', 'dac', 'autre')),
  name       text not null check (name <> ''),
  town       text,
  finess     text check (finess ~ '^[0-9AB]{9}$'),
  parent_id  uuid references organisations, -- the branches of a DAC, the units of a hospital
  created_by uuid not null,
  created_at timestamptz not null default now(),
  closed_at  timestamptz
);

-- Who works in a structure, from one day to another; never erased.
create table belongings (
  id              uuid primary key,
  organisation_id uuid not null references organisations,
  person_id       uuid not null references professionals,
  valid_from      timestamptz not null,
  valid_until     timestamptz not null default '9999-01-01 00:00:00+00',
  added_by        uuid not null,
  created_at      timestamptz not null default now(),
  ended_by        uuid,
  ended_at        timestamptz,
  check (valid_from <= valid_until)
);
create index belongings_organisation on belongings (organisation_id);
create index belongings_person on belongings (person_id);

alter table memberships alter column person_id drop not null;
alter table memberships add column organisation_id uuid references organisations;
alter table memberships add constraint memberships_one_holder check (num_nonnulls(person_id, organisation_id) = 1);
create index memberships_organisation on memberships (organisation_id) where organisation_id is not null;

-- Who acts for somebody: a remplaçant or a secretary. space_ids null is every circle where who is stood in for has a place.
create table stand_ins (
  id          uuid primary key,
  kind        text not null check (kind in ('replacement', 'secretariat')),
  for_id      uuid not null references professionals,
  by_id       uuid not null references professionals,
  valid_from  timestamptz not null,
  valid_until timestamptz not null default '9999-01-01 00:00:00+00',
  space_ids   uuid[],
  categories  int not null default 0,   -- delegated to a secretariat beyond what is administrative
  created_at  timestamptz not null default now(),
  ended_by    uuid,
  ended_at    timestamptz,
  check (for_id <> by_id),
  check (valid_from <= valid_until),
  check (kind = 'secretariat' or categories = 0)
);
create index stand_ins_for on stand_ins (for_id);
create index stand_ins_by on stand_ins (by_id);

alter table standings add column acting_for uuid[] not null default '{}';

grant select, insert on organisations, belongings, stand_ins to liaison_app;
grant update (name, town, finess, parent_id, closed_at) on organisations to liaison_app;
grant update (valid_until, ended_by, ended_at) on belongings, stand_ins to liaison_app;

-- The second lock: one hands on one's own place and nobody else's; who ends it is one of the two; what was given never grows.
alter table stand_ins enable row level security;
alter table stand_ins force row level security;
create policy stand_ins_read on stand_ins for select to liaison_app using (
  for_id = (select app_actor()) or by_id = (select app_actor()) or (select app_actor()) = app_recompiler());
create policy stand_ins_give on stand_ins for insert to liaison_app with check (for_id = (select app_actor()));
-- The recompiler changes none; it holds them while it compiles, which asks for this policy too.
create policy stand_ins_end on stand_ins for update to liaison_app using (
  for_id = (select app_actor()) or by_id = (select app_actor()) or (select app_actor()) = app_recompiler());
-- +goose StatementBegin
create function ends_earlier() returns trigger language plpgsql as $$
begin
  if new.valid_until > old.valid_until or old.ended_at is not null then
    raise insufficient_privilege using message = 'what was given may end earlier and never later';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger stand_ins_end_earlier before update on stand_ins for each row execute function ends_earlier();
create trigger belongings_end_earlier before update on belongings for each row execute function ends_earlier();

-- Everybody who ever could act in a space, whoever asks: whose lines the history of its accesses looks through.
create policy stand_ins_locate on stand_ins for select to liaison_locator using (true);
grant select (for_id, by_id, space_ids) on stand_ins to liaison_locator;
grant select (organisation_id, person_id) on belongings to liaison_locator;
grant select (organisation_id) on memberships to liaison_locator;
-- +goose StatementBegin
create function people_of(space uuid) returns setof uuid
language sql stable security definer set search_path = public as $$
  select m.person_id from memberships m where m.space_id = space and m.person_id is not null
  union
  select b.person_id from memberships m join belongings b on b.organisation_id = m.organisation_id where m.space_id = space
  union
  select s.by_id from memberships m join stand_ins s on s.for_id = m.person_id and (s.space_ids is null or space = any (s.space_ids))
  where m.space_id = space
$$;
-- +goose StatementEnd
alter function people_of(uuid) owner to liaison_locator;
revoke all on function people_of(uuid) from public;
grant execute on function people_of(uuid) to liaison_app;

-- The people a message names hold a place, through others too. Standings of now say so.
grant select (space_id, person_id, valid_from, valid_until, acting_for) on standings to liaison_locator;
-- +goose StatementBegin
create or replace function circle_members(channel_ids uuid[]) returns table (channel_id uuid, person_id uuid)
language sql stable security definer set search_path = public as $$
  select c.id, m.person_id from channels c join memberships m on m.space_id = c.space_id
  where c.id = any (channel_ids) and m.person_id is not null
    and m.valid_from <= statement_timestamp() and statement_timestamp() < m.valid_until
  union
  select c.id, s.person_id from channels c join standings s on s.space_id = c.space_id
  where c.id = any (channel_ids) and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until
$$;
-- +goose StatementEnd

-- A place keeps its holder.
-- +goose StatementBegin
create or replace function memberships_keep_basis() returns trigger language plpgsql as $$
begin
  if new.basis is distinct from old.basis or new.person_id is distinct from old.person_id or new.space_id <> old.space_id
    or new.organisation_id is distinct from old.organisation_id then
    raise insufficient_privilege using message = 'a place keeps its holder and its basis';
  end if;
  return new;
end $$;
-- +goose StatementEnd

revoke create on schema public from liaison_locator;

grant select, insert, update on organisations, belongings, stand_ins to liaison_backup;
create policy stand_ins_backup on stand_ins for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
