//! Typed contexts of the pages.
