-- Narrowing after posting: who may read a message can only become fewer, and what it was before is kept.

-- +goose Up

grant create on schema public to liaison_locator;

alter table messages add column narrowed_at timestamptz;

-- Who might read the message until then, and which event ended it; null where only its words were changed.
alter table message_revisions add column category int, add column masks int, add column only_to uuid[], add column position bigint,
  add check ((position is null) = (category is null) and (position is null) = (masks is null));

-- Whatever the code says, masks are only added and names only removed; the author's own may be all that is left. Which category is narrower is the matrix's to say.
-- +goose StatementBegin
create function messages_only_narrow() returns trigger language plpgsql as $$
begin
  if old.masks & ~new.masks <> 0 or (old.only_to is not null and (new.only_to is null or not new.only_to <@ (old.only_to || new.author_id))) then
    raise exception 'a message is narrowed, never widened' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger messages_only_narrow before update of masks, only_to on messages for each row execute function messages_only_narrow();

-- Who could read messages before they were narrowed, whoever asks: to tell those who lost them, and nobody else.
grant select (message_id, category, masks, only_to, position) on message_revisions to liaison_locator;
create policy message_revisions_locate on message_revisions for select to liaison_locator using (true);
-- +goose StatementBegin
create function narrowed_from(ids uuid[])
returns table (message_id uuid, msg_position bigint, category int, masks int, only_to uuid[], author_id uuid, created_at timestamptz)
language sql stable security definer set search_path = public as $$
  select r.message_id, r.position, r.category, r.masks, r.only_to, m.author_id, m.created_at
  from message_revisions r join messages m on m.id = r.message_id where r.message_id = any (ids) and r.position is not null
$$;
-- +goose StatementEnd
alter function narrowed_from(uuid[]) owner to liaison_locator;
revoke all on function narrowed_from(uuid[]) from public;
grant execute on function narrowed_from(uuid[]) to liaison_app;

revoke create on schema public from liaison_locator;

-- +goose Down
select 1;
