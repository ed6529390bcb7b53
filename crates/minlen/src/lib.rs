//! The library's face. Being built.
