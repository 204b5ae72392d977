//! What is wrong with a deployment: found and judged here for `preau doctor`, `preau status` and the operator's page.
//!
//! No check changes anything, sends a message or shows a secret. What only a command can see (addresses that a server
//! would listen on, the deployment's files as they are on its disk) stays with the command.

pub mod ops;
