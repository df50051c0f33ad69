//! Bugs planted in the log, each of which the fault programme finds.

mod common;

#[cfg(feature = "planted-bugs")]
fn main() {
    use common::damage::{data_end, killed_log, leftovers, whole_or_refused, with};
    use common::programme::Counts;
    use common::script::{goes_on, power_goes_while_recovering, script};
    use common::{Model, segments};
    use eventlog::sim::{Fault, SimDisk};

    let bugs = [
        "skip the sync",
        "try a failed sync again",
        "skip the sync of the directory",
        "expose what was recovered before it is synced",
        "use a position again",
        "drop the last batch at recovery",
        "cut what was acknowledged",
        "take a frame of an earlier life",
        "conclude from a read that it is not there",
        "try again under a new id",
        "answer before the acknowledgement",
        "take office before the barrier",
        "cut the mirror to the remote",
    ];
    let power = |operation: u64| {
        let (disk, mut model) = (SimDisk::new(operation), Model::default());
        disk.arm(operation, Fault::PowerLoss);
        script(&disk, &mut model, 0);
        disk.crash();
        power_goes_while_recovering(&disk, &model, &mut Counts::default());
        goes_on(&disk, &mut model);
    };
    let (log, model) = killed_log(4, 24);
    let bits = |seed: u64| {
        let path = &segments(&log)[0];
        let mut contents = log.contents(path);
        let bit = 8 * 4096 + seed as usize * 97 % (8 * (data_end(&contents) - 4096));
        contents[bit / 8] ^= 1 << (bit % 8);
        assert!(!whole_or_refused(&with(&log, path, contents), &model, "flip"), "a flipped bit was missed");
    };
    common::planting::find_all(
        &bugs,
        &[
            ("row 3: flipped bits", 20, &bits),
            ("row 3: stale sectors", 1, &|_| leftovers()),
            ("row 2: power loss at every operation", 300, &power),
            ("row 1: random histories", 3_000, &|seed| common::history::history(seed, &mut Counts::default())),
            ("row 10: random histories of a remote", 300, &|seed| {
                common::replicated::history(seed, &mut Counts::default())
            }),
            ("row 10: a remote that lost its end", 1, &|_| common::replicated::lost_end()),
        ],
    );
}
