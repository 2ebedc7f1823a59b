create table campaigns (
  id         uuid primary key default uuid_generate_v4(),
  name       text not null,
  created_at timestamptz not null default now()
);
create table calls (
  id          uuid primary key default uuid_generate_v4(),
  campaign_id uuid not null references campaigns (id) on delete cascade,
  number      text not null,
  state       text not null default 'queued'
);
create index calls_state on calls (state);
create table scheduler_ticks (at timestamptz primary key default clock_timestamp());
create table system_config (
  key   text primary key,
  value text not null
);
create table profiles (
  email text primary key,
  role  text not null
);
