/* The verbs: one file each, one line here. */
#ifndef ENCLUA_TOOLS_VERBS_H
#define ENCLUA_TOOLS_VERBS_H

#include "cli.h"

/* In the order of `enclua --help`: the path of data first. */
#define VERB_SETS(X) \
	X(init_commands) X(key_commands) X(app_commands) X(app_market_commands) X(secret_commands) X(policy_commands) X(policy_test_commands) X(policy_explain_commands) X(policy_replay_commands) X(protect_commands) X(data_commands) X(data_transfer_commands) \
	X(grant_commands) X(grant_list_commands) \
	X(pool_commands) X(worker_commands) X(order_commands) X(list_commands) X(deal_commands) X(run_task_commands) X(task_commands) X(task_market_commands) X(oracle_commands) X(account_commands) \
	X(book_log_commands) X(book_commands) X(book_witness_commands) X(verify_commands) \
	X(seal_commands) \
	X(iapp_init_commands) X(iapp_package_commands) X(iapp_add_commands) X(iapp_doc_commands) \
	X(iapp_test_commands) X(iapp_mock_commands) X(iapp_debug_commands) \
	X(attest_commands) X(doctor_commands) X(help_commands)

#define X(set) extern const struct command set[];
VERB_SETS(X)
#undef X

#endif
