//! Static tables chosen by the scale of row and column.
