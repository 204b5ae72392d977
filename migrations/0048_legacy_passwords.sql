-- Accounts from elsewhere whose password is still a hash of the program that they come from, sealed.
CREATE INDEX account_sealed_password ON account (id) WHERE SUBSTR(password, 1, 7) = 'sealed:';
