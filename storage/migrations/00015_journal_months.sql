-- The journal by months: a month is dropped as a whole under retention, and a question about one period reads no other.

-- +goose Up

alter table audit_lines rename to audit_lines_before;
-- The tables of months take these names' place.
alter index audit_lines_pkey rename to audit_lines_before_pkey;
drop index audit_lines_xid, audit_lines_space, audit_lines_many;

-- Ids are unique within a month: a key over all of them would have to hold the time too, and would not make them so. Lines are told
-- apart by id and hash when they are verified.
create table audit_lines (like audit_lines_before including defaults including constraints) partition by range (at);
create index audit_lines_xid on audit_lines (xid);
create index audit_lines_space on audit_lines (space_id, at);
create index audit_lines_many on audit_lines (actor, at) where space_id is null;

-- What falls into no month that was made (a clock that jumps, months nobody made ahead) is kept all the same.
create table audit_lines_other partition of audit_lines (primary key (id)) default;

-- Makes the tables of this month, of those ahead, and of any that lines wait for in audit_lines_other, and moves these lines there. It is
-- the owner's, for a table's owner alone divides it; it takes no name and no date, and removes nothing.
-- +goose StatementBegin
create function make_journal_months(ahead int) returns int
language plpgsql volatile security definer set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  month timestamptz;
  name text;
  made int := 0;
begin
  if ahead is null or ahead not between 0 and 24 then
    raise invalid_parameter_value using message = 'between 0 and 24 months ahead';
  end if;
  perform pg_advisory_xact_lock(7811882151299675240); -- "liamonth": one node at a time
  for month in
    select generate_series(date_trunc('month', now()), date_trunc('month', now()) + ahead * interval '1 month', interval '1 month')
    union select date_trunc('month', at) from audit_lines_other
    order by 1
  loop
    name := 'audit_lines_' || to_char(month, 'YYYY_MM');
    continue when to_regclass(format('public.%I', name)) is not null;
    -- No line may slip in between the moving and the attaching; only lines without a month wait for this.
    lock table audit_lines_other in access exclusive mode;
    execute format('create table public.%I (like audit_lines including defaults including constraints, primary key (id))', name);
    execute format('with moved as (delete from audit_lines_other where at >= %L and at < %L returning *) insert into public.%I select * from moved',
      month, month + interval '1 month', name);
    execute format('alter table audit_lines attach partition public.%I for values from (%L) to (%L)', name, month, month + interval '1 month');
    made := made + 1;
  end loop;
  return made;
end $$;
-- +goose StatementEnd
revoke all on function make_journal_months(int) from public;
grant execute on function make_journal_months(int) to liaison_app;

insert into audit_lines select * from audit_lines_before;
drop table audit_lines_before;
select make_journal_months(3);

-- As in 00001: a line's time and transaction are the database's word. The tables of months have no rights of their own.
grant select on audit_lines to liaison_app;
grant insert (id, actor, session, workplace, verb, outcome, space_id, object, detail, address) on audit_lines to liaison_app;
grant select, insert, update on audit_lines to liaison_backup;

-- A block that states which lines were removed under retention. Only the owner, who alone can remove them, adds one.
alter table audit_blocks add column removed jsonb;
create index audit_blocks_removed on audit_blocks (number) where removed is not null;
revoke insert on audit_blocks from liaison_app;
grant insert (number, from_xid, to_xid, sealed_at, lines, leaves, root, previous, key_id, signature) on audit_blocks to liaison_app;

-- +goose Down
select 1;
