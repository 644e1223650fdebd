//! The specification that a newcomer can read: one script per behaviour.

use crate::trace::check;

macro_rules! traces {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(include_str!(concat!("traces/", stringify!($name), ".trace")));
        }
    )*};
}

traces! {
    warm_and_cold
    throttle
    unreserved_pool
    lowered_below_use
    timeout
    init_failure
    overdue_init
    crash
    idle_reclaim
    update_while_running
    async_error_retry
    async_throttle_backoff
    async_reserved_zero
    sqs_visibility
    sqs_redrive
    sqs_long_poll
    mapping_batch_window
    mapping_over_pull
    mapping_function_error
}
