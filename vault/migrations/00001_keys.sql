-- Wrapped keys live in a database of their own, with a backup of its own: destroying one here makes every copy of the data unreadable.
-- +goose Up
create table space_keys (
  space_id     uuid not null,
  generation   int not null,
  wrapped      bytea,                   -- null once destroyed
  created_at   timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (space_id, generation)
);
create table instance_keys (
  name       text primary key,          -- tokens, journal, cursors, refresh
  wrapped    bytea not null,
  created_at timestamptz not null default now()
);
-- +goose Down
select 1;
