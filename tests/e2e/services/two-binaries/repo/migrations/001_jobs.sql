create table jobs (name text);
