//! What is an array and what is not.
