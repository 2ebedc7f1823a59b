create table cron_runs (
  id     bigint generated always as identity primary key,
  job    text not null,
  ran_at timestamptz not null default now()
);
create table webhook_events (
  id          bigint generated always as identity primary key,
  body        text not null,
  received_at timestamptz not null default now()
);
