create table books (
  id           uuid primary key,
  household_id uuid not null,
  storage_path text not null,
  status       text not null check (status in ('processing', 'ready', 'failed')),
  created_at   timestamptz not null default now()
);
create index books_household on books (household_id);
