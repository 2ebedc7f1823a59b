alter table campaigns enable row level security;
alter table calls enable row level security;
create policy campaigns_owner on campaigns using (true);
create policy calls_owner on calls using (true);
