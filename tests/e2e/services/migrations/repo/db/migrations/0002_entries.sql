CREATE TABLE entries (account INTEGER REFERENCES accounts (id), cents INTEGER);
