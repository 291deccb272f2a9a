/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-plain-callout: what a plain C program costs that does the file work of statd_callout add-client, as CTDB's own program
 * does it: configuration, addresses, one file written in place for each. Linked dynamically, as a distribution would. Exit
 * code 0, or 1 without a word. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv)
{
	char mode[256], directory[4096], cache[4096], server[256], path[8192];
	FILE *config, *addresses;
	if (argc < 3) return 1;
	config = fopen(getenv("CTDB_STATD_CALLOUT_CONFIG_FILE"), "r");
	if (!config || !fgets(mode, sizeof mode, config) || !fgets(directory, sizeof directory, config) ||
	    !fgets(cache, sizeof cache, config))
		return 1;
	fclose(config);
	directory[strcspn(directory, "\n")] = 0;
	cache[strcspn(cache, "\n")] = 0;
	addresses = fopen(cache, "r");
	if (!addresses) return 1;
	while (fgets(server, sizeof server, addresses)) {
		FILE* record;
		server[strcspn(server, "\n")] = 0;
		snprintf(path, sizeof path, "%s/statd-state@%s@%s", directory, server, argv[2]);
		record = fopen(path, "w");
		if (!record) return 1;
		fprintf(record, "\"statd-state@%s@%s\" \"%lld\"\n", server, argv[2], (long long)time(NULL));
		if (fclose(record) != 0) return 1;
	}
	fclose(addresses);
	return 0;
}
