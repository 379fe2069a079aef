//! What an application may do on its own server.
//!
//! Everything but what concerns the server itself: it cannot shut it down, change its settings, copy or
//! replicate it, debug it, load code into it, read or change users, have it connect elsewhere (MIGRATE),
//! or end or pause the administrator's connections (CLIENT KILL, CLIENT PAUSE).

/// Every key and channel, and the commands; in this order.
pub(super) const RIGHTS: [&str; 18] = [
    "~*",
    "&*",
    "+@all",
    "-@admin",
    "-@dangerous",
    // Dangerous only to others on the same server, of whom there are none. Frameworks clear their caches and
    // search their keys with these.
    "+keys",
    "+sort",
    "+sort_ro",
    "+flushdb",
    "+flushall",
    "+swapdb",
    // Clients and monitoring look at the server with these, and queues at their workers' connections
    // (RQ, BullMQ).
    "+info",
    "+role",
    "+client|list",
    "+client|unblock",
    "+module|list",
    "+slowlog|get",
    "+slowlog|len",
];
