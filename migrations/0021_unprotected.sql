-- When a client last exchanged a code that neither PKCE nor nonce protected: `preau doctor` names it (RFC 9700 2.1.1).
ALTER TABLE client ADD COLUMN unprotected_at BIGINT;
