-- Thresholds of a patient's measures: beyond them a measure is flagged to those who read it. Each change is a row; the newest holds.

-- +goose Up
create table thresholds (
  id       uuid primary key,
  space_id uuid not null references spaces,
  body     bytea not null,              -- sealed: all thresholds as they then were
  set_by   uuid not null,
  set_at   timestamptz not null
);
create index thresholds_space on thresholds (space_id, set_at);
grant select, insert on thresholds to liaison_app;

-- Read by who reads what is medical or nursing (1, 4), set by who may set alert rules (4).
alter table thresholds enable row level security;
alter table thresholds force row level security;
create policy thresholds_read on thresholds for select to liaison_app using (
  exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = thresholds.space_id
    and s.reads & (1 | 4) <> 0 and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));
create policy thresholds_set on thresholds for insert to liaison_app with check (
  set_by = (select app_actor())
  and exists (select from standings s where s.person_id = set_by and s.space_id = thresholds.space_id
    and s.actions & 4 <> 0 and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));

grant select, insert, update on thresholds to liaison_backup;
create policy thresholds_backup on thresholds for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
