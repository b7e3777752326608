//! What the source tree promises about itself.

mod architecture;
mod dependencies;
mod figures;
mod reliability;
mod seeds;
mod source;
