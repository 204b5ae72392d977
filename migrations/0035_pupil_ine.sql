-- The rows of one pupil in several academies are found by the HMAC of the INE.
CREATE INDEX pupil_ine ON pupil (ine_blind) WHERE ine_blind IS NOT NULL;
