//! Nothing that costs money starts by itself, is paid for twice, or passes a limit.

mod budgets;
mod downloads;
mod foretold;
mod photos;
mod plan;
mod spending;
mod tool;
