create table bookings (
  id         bigint generated always as identity primary key,
  customer   text not null,
  starts_at  timestamptz not null,
  created_at timestamptz not null default now()
);
create index bookings_starts_at on bookings (starts_at);
