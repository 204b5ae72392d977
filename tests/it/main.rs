//! The whole application in one process: real database, fake clock, seeded randomness, no sockets.
//!
//! A test that holds a line of `docs/threats.md` is named after it: `threat_s03_…`, `attack_c1_…`, `fault_rt13_…`,
//! `property_p08_…`, `protocol_a22_…`, `faults_c7_…`, `takeover_w4_…`. Others begin with a section of a specification, or with nothing.

// `cfg(test)` tells the linter that these modules are tests as a whole.
#[cfg(test)]
mod account_commands;
#[cfg(test)]
mod account_model;
#[cfg(test)]
mod account_notices;
#[cfg(test)]
mod activation;
#[cfg(test)]
mod activation_input;
#[cfg(test)]
mod activation_races;
#[cfg(test)]
mod activation_same;
#[cfg(test)]
mod admin_api;
#[cfg(test)]
mod admin_api_journal;
#[cfg(test)]
mod admin_api_rosters;
#[cfg(test)]
mod admin_api_tokens;
#[cfg(test)]
mod administrators;
#[cfg(test)]
mod announcements;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod arrivals;
#[cfg(test)]
mod audit_actors;
#[cfg(test)]
mod audit_seals;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod client_trial;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod console_checks;
#[cfg(test)]
mod console_clients;
#[cfg(test)]
mod console_figures;
#[cfg(test)]
mod console_journal;
#[cfg(test)]
mod console_latecomers;
#[cfg(test)]
mod console_mails;
#[cfg(test)]
mod console_matrix;
#[cfg(test)]
mod console_reminder_mailboxes;
#[cfg(test)]
mod console_reminder_mails;
#[cfg(test)]
mod console_reminder_orders;
#[cfg(test)]
mod console_reminders;
#[cfg(test)]
mod console_requests;
#[cfg(test)]
mod console_reviews;
#[cfg(test)]
mod console_rosters;
#[cfg(test)]
mod console_rosters_bounds;
#[cfg(test)]
mod console_schools;
#[cfg(test)]
mod console_secrets;
#[cfg(test)]
mod console_system;
#[cfg(test)]
mod console_test_sign_in;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod due_notices;
#[cfg(test)]
mod emails;
#[cfg(test)]
mod ephemeral;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod factor_changes;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod families;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod federation_fapi;
#[cfg(test)]
mod federation_lies;
#[cfg(test)]
mod forced_change;
#[cfg(test)]
mod franceconnect;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod helpdesk;
#[cfg(test)]
mod leaflet;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lock_order;
#[cfg(test)]
mod logos;
#[cfg(test)]
mod mail_outages;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod my_account;
#[cfg(test)]
mod my_children;
#[cfg(test)]
mod oidc;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod passkey_factors;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod phone_proof;
#[cfg(test)]
mod phone_question;
#[cfg(test)]
mod postgres_servers;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod process;
#[cfg(test)]
mod pupil_moves;
#[cfg(test)]
mod pupil_sheets;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod recovery_mail;
#[cfg(test)]
mod redis_faults;
#[cfg(test)]
mod regroup;
#[cfg(test)]
mod regroup_sms;
#[cfg(test)]
mod roster_changes;
#[cfg(test)]
mod roster_vectors;
#[cfg(test)]
mod rosters;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod smpp;
#[cfg(test)]
mod sms_conversion;
#[cfg(test)]
mod sms_destinations;
#[cfg(test)]
mod sms_fallback;
#[cfg(test)]
mod sms_gateway;
#[cfg(test)]
mod sms_operators;
#[cfg(test)]
mod sms_outages;
#[cfg(test)]
mod sms_receipts;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod support;
#[cfg(test)]
mod takeovers;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod two_servers;
#[cfg(test)]
mod years;
