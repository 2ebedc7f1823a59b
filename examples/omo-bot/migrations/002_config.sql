create table config (
  key   text primary key,
  value text not null
);
