//! Re-expression of what is compressed already.
mod deflate;
