//! The authorization endpoint, pushed requests, and what both go by.

pub mod consent_page;
pub mod end_user;
pub mod endpoint;
pub mod granted;
pub mod id_token_hint;
pub mod next_step;
pub mod par_endpoint;
pub mod pipeline;
pub mod pushed_request;
pub mod request_object;
pub mod response;
pub mod success_response;
pub mod target;
pub mod trial_page;
pub mod validation;
pub mod views;
