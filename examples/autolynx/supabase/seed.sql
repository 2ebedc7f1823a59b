insert into profiles(email, role) values ('admin@example.org', 'admin') on conflict (email) do nothing;
insert into system_config(key, value) values ('default_concurrency_cap', '8'), ('default_cron_cadence', '60')
on conflict (key) do nothing;
