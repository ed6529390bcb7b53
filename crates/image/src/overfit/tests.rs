//! Payloads and pictures.
