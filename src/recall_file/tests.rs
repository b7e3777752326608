//! Files as they come, and files that are not what they should be.
