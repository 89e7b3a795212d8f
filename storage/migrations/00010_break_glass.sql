-- Bris de glace: emergency access to a dossier, with who opened it, why, until when; who was told, when the patient was informed, and
-- how it was judged afterwards. Reason and note are sealed with the space's key.

-- +goose Up

grant create on schema public to liaison_locator;

create table emergencies (
  id            uuid primary key,
  space_id      uuid not null references spaces,
  person_id     uuid not null references professionals,
  membership_id uuid not null unique,
  message_id    uuid not null,          -- the note that tells médecin traitant and référent
  request       bytea not null,         -- keyed hash of what was asked, to know a replay
  reason        bytea not null,
  opened_at     timestamptz not null,
  until         timestamptz not null,
  told_at       timestamptz,            -- the note is posted
  informed_at   timestamptz,            -- the patient
  informed_how  text check (informed_how in ('letter', 'mail', 'in_person', 'telephone')),
  informed_by   uuid,
  reviewed_at   timestamptz,
  reviewed_by   uuid,
  verdict       text check (verdict in ('justified', 'unjustified')),
  note          bytea,
  check (opened_at < until and until <= opened_at + interval '24 hours'),
  check ((informed_at is null) = (informed_how is null) and (informed_at is null) = (informed_by is null)),
  check ((reviewed_at is null) = (verdict is null) and (reviewed_at is null) = (reviewed_by is null)),
  check (reviewed_by <> person_id)
);
create index emergencies_space on emergencies (space_id, opened_at);
create index emergencies_untold on emergencies (opened_at) where told_at is null;

-- What was asked and when never changes.
grant select on emergencies to liaison_app;
grant insert (id, space_id, person_id, membership_id, message_id, request, reason, opened_at, until) on emergencies to liaison_app;
grant update (told_at, informed_at, informed_how, informed_by, reviewed_at, reviewed_by, verdict, note) on emergencies to liaison_app;

alter table emergencies enable row level security;
alter table emergencies force row level security;
-- Who opened one, while she stands there or not, and those who see full reasons.
create policy emergencies_read on emergencies for select to liaison_app using (
  person_id = (select app_actor())
  or exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = emergencies.space_id and s.actions & 16 <> 0
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));
create policy emergencies_open on emergencies for insert to liaison_app with check (person_id = (select app_actor()));
create policy emergencies_follow on emergencies for update to liaison_app using (
  exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = emergencies.space_id
    and (s.actions & 16 <> 0 or s.person_id = emergencies.person_id)
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));

-- Nobody judges her own.
-- +goose StatementBegin
create function emergencies_judged() returns trigger language plpgsql as $$
begin
  if new.verdict is distinct from old.verdict and (old.verdict is not null or new.reviewed_by is distinct from app_actor()) then
    raise insufficient_privilege using message = 'an emergency access is judged once, by who judges it';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger emergencies_judged before update on emergencies for each row execute function emergencies_judged();

-- A place of that basis is taken by nobody but who opened the emergency, and for no longer; nobody who manages gives one.
create policy memberships_emergency on memberships for insert to liaison_app with check (
  basis = 'emergency' and person_id = (select app_actor()));
create policy memberships_emergency_only on memberships as restrictive for insert to liaison_app with check (
  basis <> 'emergency'
  or seat = 'intervenant' and added_by = person_id
    and exists (select from emergencies e where e.membership_id = memberships.id and e.space_id = memberships.space_id
      and e.person_id = memberships.person_id and memberships.valid_from >= e.opened_at and memberships.valid_until <= e.until));

-- What was taken in an emergency stays that: it may end earlier and never later.
create policy memberships_emergency_kept on memberships as restrictive for update to liaison_app using (true) with check (
  basis <> 'emergency'
  or exists (select from emergencies e where e.membership_id = memberships.id and memberships.valid_until <= e.until)
  -- who manages the circle may end it, without seeing why it was opened
  or ended_at is not null and valid_until <= statement_timestamp());
-- +goose StatementBegin
create function memberships_keep_basis() returns trigger language plpgsql as $$
begin
  if new.basis is distinct from old.basis or new.person_id <> old.person_id or new.space_id <> old.space_id then
    raise insufficient_privilege using message = 'a place keeps its person and its basis';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger memberships_keep_basis before update on memberships for each row execute function memberships_keep_basis();

-- Those still to be told of are found by any node.
create policy emergencies_locate on emergencies for select to liaison_locator using (true);
grant select (id, space_id, person_id, opened_at, told_at) on emergencies to liaison_locator;
-- +goose StatementBegin
create function untold_emergencies(before timestamptz) returns table (id uuid, space_id uuid, person_id uuid)
language sql stable security definer set search_path = public as $$
  select e.id, e.space_id, e.person_id from emergencies e where e.told_at is null and e.opened_at < before limit 100
$$;
-- +goose StatementEnd
alter function untold_emergencies(timestamptz) owner to liaison_locator;
revoke all on function untold_emergencies(timestamptz) from public;
grant execute on function untold_emergencies(timestamptz) to liaison_app;

revoke create on schema public from liaison_locator;

grant select, insert, update on emergencies to liaison_backup;
create policy emergencies_backup on emergencies for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
