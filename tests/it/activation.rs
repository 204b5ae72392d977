//! The activation step by step: where each may lead, and that nothing is lost on the way.

mod binding;
mod outcomes;
mod people;
mod steps;
