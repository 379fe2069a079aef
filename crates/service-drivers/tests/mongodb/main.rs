//! What the driver asks of MongoDB, and what it makes of the answers. There is no package of MongoDB to test with: a
//! stand-in answers as its documentation says. What the driver and FerretDB have in common is tested in tests/ferretdb.

mod commands;
mod refusals;
mod stand_in;
mod variables;
