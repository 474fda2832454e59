alter table jobs add column done boolean;
