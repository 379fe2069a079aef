//! Networks that reach no others, without a gap.
//!
//! Docker keeps its bridges apart by rules in the table `filter`, and takes the jump to them out and in
//! again each time any network is made or removed: for some milliseconds everybody reaches everybody, and
//! what connects then stays connected (seen on 20.10: 20 connections came through while 50 networks came and went).
//! A rule of our own in the table `mangle`, which Docker does not touch, has no such gap: what is routed
//! from one of our subnets to another is dropped. What stays on one bridge is not routed.

use std::time::Duration;

use tokio::process::Command;
use windlass_engine::Error;

/// A rule is set in milliseconds; another holder of the firewall's lock may take seconds.
const TIMEOUT: Duration = Duration::from_secs(20);
/// For people who list the rules.
const COMMENT: &str = "windlass: environments do not reach each other";

/// Sets the rule for the subnets of `pool`, such as `10.208.0.0/12`, if it is not there.
pub(crate) async fn ensure(pool: &str) -> Result<(), Error> {
    if !iptables("-C", pool).await?.is_empty() {
        let refusal = iptables("-I", pool).await?;
        if !refusal.is_empty() {
            return Err(failed(&refusal));
        }
    }
    Ok(())
}

/// Runs iptables(8) on the rule; gives what it complained about, nothing when it did as told.
async fn iptables(verb: &str, pool: &str) -> Result<String, Error> {
    let mut command = Command::new("iptables");
    command
        .args(["--wait", "10", "--table", "mangle", verb, "FORWARD"])
        .args(["--source", pool, "--destination", pool])
        .args(["--match", "physdev", "!", "--physdev-is-bridged"])
        .args(["--match", "comment", "--comment", COMMENT])
        .args(["--jump", "DROP"])
        .kill_on_drop(true);
    let output = tokio::time::timeout(TIMEOUT, command.output())
        .await
        .map_err(|_| failed("iptables gave no answer"))?
        .map_err(|error| failed(&format!("iptables cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(String::new());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if complaint.is_empty() {
        output.status.to_string()
    } else {
        complaint
    })
}

fn failed(reason: &str) -> Error {
    Error::Failed {
        doing: "keeping the networks of environments apart".to_owned(),
        reason: format!(
            "{reason}; the server needs the right to set firewall rules (root, or CAP_NET_ADMIN)"
        ),
    }
}
