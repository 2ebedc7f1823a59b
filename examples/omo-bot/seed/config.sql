insert into config(key, value) values ('prefix', '!'), ('locale', 'en')
on conflict (key) do nothing;
