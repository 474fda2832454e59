-- pages
create table pages (name text primary key);
