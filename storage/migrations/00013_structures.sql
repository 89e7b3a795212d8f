-- Structures and who works in them: a directory everybody reads, kept by who administers.

-- +goose Up

-- The words of its name and town, without case and accents.
alter table organisations add column name_key text not null default '';
create index organisations_name on organisations (name_key, id);
-- The units of a hospital share its number.
create unique index organisations_finess on organisations (finess) where parent_id is null;
grant update (kind, name_key) on organisations to liaison_app;

-- Who administers now; a machine does not.
create function app_administers() returns boolean language sql stable parallel safe as
  $$ select exists (select from accounts a where a.person_id = (select app_actor()) and a.administrator and a.active) $$;

alter table organisations enable row level security;
alter table organisations force row level security;
create policy organisations_read on organisations for select to liaison_app using (true);
create policy organisations_make on organisations for insert to liaison_app with check (
  created_by = (select app_actor()) and (select app_administers()));
create policy organisations_correct on organisations for update to liaison_app using ((select app_administers()));

alter table belongings enable row level security;
alter table belongings force row level security;
create policy belongings_read on belongings for select to liaison_app using (true);
create policy belongings_begin on belongings for insert to liaison_app with check (
  added_by = (select app_actor()) and person_id <> added_by and (select app_administers()));
-- The recompiler changes none; it holds them while it compiles, which asks for this policy too.
create policy belongings_end on belongings for update to liaison_app
  using ((select app_administers()) or (select app_actor()) = app_recompiler())
  with check ((select app_administers()) and ended_by = (select app_actor()));

-- Everybody who ever could act in a space (people_of) is found through them.
create policy belongings_locate on belongings for select to liaison_locator using (true);

create policy organisations_backup on organisations for all to liaison_backup using (true) with check (true);
create policy belongings_backup on belongings for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
