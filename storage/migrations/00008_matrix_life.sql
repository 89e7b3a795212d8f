-- The life of the matrix: drafts, their simulation, and which version each circle's standings come from.

-- +goose Up

alter table spaces add column matrix_version int not null default 0;
update spaces set matrix_version = (select coalesce(max(version), 0) from matrices);
create index spaces_behind on spaces (matrix_version);
grant update (matrix_version) on spaces to liaison_app;

-- A version that somebody works at. What was simulated is the revision simulated_revision; another one must be simulated anew.
create table matrix_drafts (
  id                 uuid primary key,
  based_on           int not null references matrices,
  categories         text not null,
  actions            text not null,
  comment            text not null default '',
  author             uuid not null,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  revision           int not null default 1,
  simulation         jsonb,
  simulated_at       timestamptz,
  simulated_revision int,
  published_version  int references matrices,
  discarded_at       timestamptz,
  check (published_version is null or discarded_at is null)
);
grant select, insert, update on matrix_drafts to liaison_app;
grant select, insert, update on matrix_drafts to liaison_backup;

-- +goose Down
select 1;
