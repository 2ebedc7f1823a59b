create table mileage (
  member     text primary key,
  kilometres integer not null default 0 check (kilometres >= 0)
);
