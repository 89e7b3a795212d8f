-- Alerts, whom they asked in turn, and the devices a push reaches. Ids, codes and times only; a subscription is sealed.

-- +goose Up

grant create on schema public to liaison_locator;

create table alerts (
  id         uuid primary key,
  message_id uuid not null unique references messages,
  space_id   uuid not null,
  channel_id uuid not null,
  raised_by  uuid not null,
  severity   text not null check (severity in ('urgent')),
  state      text not null check (state in ('open', 'taken', 'cancelled', 'unanswered')),
  owner_id   uuid,                       -- who is asked now, then who took it
  raised_at  timestamptz not null,
  ended_at   timestamptz,
  ended_by   uuid,
  xid        xid8 not null default pg_current_xact_id(),
  check ((state = 'open') = (ended_at is null))
);
create index alerts_space on alerts (space_id, xid);
create index alerts_raised on alerts (raised_by, xid);
create index alerts_open on alerts (raised_at) where state = 'open';

-- Whom an alert asked, turn by turn. asked_at is null of somebody who took it unasked.
create table alert_steps (
  alert_id     uuid not null references alerts,
  person_id    uuid not null,
  message_id   uuid not null,
  space_id     uuid not null,
  place        int not null,
  asked_at     timestamptz,
  repeated_at  timestamptz,
  delivered_at timestamptz,              -- to a device
  shown_at     timestamptz,              -- by a visible page, the last time
  seen_at      timestamptz,              -- opened by the person
  answered_at  timestamptz,
  outcome      text check (outcome in ('taken', 'handed_over')),
  primary key (alert_id, place),
  check ((outcome is null) = (answered_at is null))
);
create index alert_steps_person on alert_steps (person_id, alert_id);

create table devices (
  id              uuid primary key,
  person_id       uuid not null references accounts,
  session_id      uuid not null references sessions,
  name            text not null,
  endpoint_print  bytea not null unique, -- keyed hash: one endpoint is one device, whoever registers it
  subscription    bytea not null,        -- sealed under the instance's secret, bound to the id
  host            text not null,
  created_at      timestamptz not null default now(),
  last_reached_at timestamptz,
  failed_at       timestamptz,
  gone_at         timestamptz
);
create index devices_person on devices (person_id);
create index devices_session on devices (session_id);

grant select, insert, update on alerts, alert_steps to liaison_app;
grant select, insert, update, delete on devices to liaison_app;

-- The machine that sees alerts through (access.SystemAlerts).
create function app_alerts() returns uuid language sql immutable parallel safe as
  $$ select '00000000-0000-7000-8000-000000000003'::uuid $$;

-- An alert is where its message is.
alter table alerts enable row level security;
alter table alerts force row level security;
create policy alerts_read on alerts for select to liaison_app using (
  (select app_actor()) in (app_alerts(), app_relay())
  or exists (select from messages m where m.id = alerts.message_id));
-- Raised in the post's own transaction, where no actor is set: the row's own author is checked.
create policy alerts_raise on alerts for insert to liaison_app with check (
  exists (select from standings s where s.person_id = alerts.raised_by and s.space_id = alerts.space_id and s.writes <> 0
    and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until));
create policy alerts_change on alerts for update to liaison_app using (
  (select app_actor()) = app_alerts()
  or exists (select from messages m where m.id = alerts.message_id)
  and exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = alerts.space_id
    and (s.alerts <> 0 or s.person_id = alerts.raised_by or exists (select from alert_steps t where t.alert_id = alerts.id and t.person_id = s.person_id))
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));

alter table alert_steps enable row level security;
alter table alert_steps force row level security;
create policy alert_steps_read on alert_steps for select to liaison_app using (
  (select app_actor()) in (app_alerts(), app_relay())
  or exists (select from messages m where m.id = alert_steps.message_id));
-- Nobody is asked who may not be alerted there now, whoever asks.
create policy alert_steps_ask on alert_steps for insert to liaison_app with check (
  exists (select from standings s where s.person_id = alert_steps.person_id and s.space_id = alert_steps.space_id and s.alerts <> 0
    and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until));
create policy alert_steps_answer on alert_steps for update to liaison_app using (
  (select app_actor()) = app_alerts()
  or person_id = (select app_actor()) and exists (select from messages m where m.id = alert_steps.message_id));

alter table devices enable row level security;
alter table devices force row level security;
create policy devices_own on devices for all to liaison_app using (
  person_id = (select app_actor()) or (select app_actor()) = app_alerts());

-- Where an alert lives, whoever asks: the gate is then asked for its message.
create policy alerts_locate on alerts for select to liaison_locator using (true);
grant select (id, message_id) on alerts to liaison_locator;
-- +goose StatementBegin
create function locate_alert(alert uuid) returns uuid
language sql stable security definer set search_path = public as $$
  select a.message_id from alerts a where a.id = alert
$$;
-- +goose StatementEnd
alter function locate_alert(uuid) owner to liaison_locator;
revoke all on function locate_alert(uuid) from public;
grant execute on function locate_alert(uuid) to liaison_app;

-- How long a device rings after it was last used: whoever works with the telephone is there every month, and a session of the
-- browser lapses overnight.
create function rings_for() returns interval language sql immutable parallel safe as $$ select interval '30 days' $$;

-- Who of these people has a device that a push may reach now: known before an alert is raised, and nothing more of them.
create policy devices_locate on devices for all to liaison_locator using (true);
grant select (id, person_id, session_id, endpoint_print, gone_at) on devices to liaison_locator;
grant delete on devices to liaison_locator;
grant select (id, person_id, revoked_at, last_used_at) on sessions to liaison_locator;
grant select (person_id, active) on accounts to liaison_locator;
-- +goose StatementBegin
create function reachable_people(people uuid[]) returns table (person_id uuid)
language sql stable security definer set search_path = public as $$
  select distinct d.person_id from devices d
  join sessions s on s.id = d.session_id and s.person_id = d.person_id and s.revoked_at is null
    and s.last_used_at > statement_timestamp() - rings_for()
  join accounts a on a.person_id = d.person_id and a.active
  where d.person_id = any (people) and d.gone_at is null
$$;
-- A browser that somebody else signed in on rings for that person only.
create function forget_endpoint(print bytea, but uuid) returns void
language sql volatile security definer set search_path = public as $$
  delete from devices d where d.endpoint_print = print and d.id <> but
$$;
-- +goose StatementEnd
alter function reachable_people(uuid[]) owner to liaison_locator;
revoke all on function reachable_people(uuid[]) from public;
grant execute on function reachable_people(uuid[]) to liaison_app;
alter function forget_endpoint(bytea, uuid) owner to liaison_locator;
revoke all on function forget_endpoint(bytea, uuid) from public;
grant execute on function forget_endpoint(bytea, uuid) to liaison_app;

revoke create on schema public from liaison_locator;

grant select, insert, update on alerts, alert_steps, devices to liaison_backup;
create policy alerts_backup on alerts for all to liaison_backup using (true) with check (true);
create policy alert_steps_backup on alert_steps for all to liaison_backup using (true) with check (true);
create policy devices_backup on devices for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
