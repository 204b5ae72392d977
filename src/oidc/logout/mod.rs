//! Logout: at the demand of a client's page (RPIL), and how the other clients learn of it (BCL, FCL).

pub mod backchannel;
pub mod endpoint;
pub mod frontchannel;
pub mod request;
