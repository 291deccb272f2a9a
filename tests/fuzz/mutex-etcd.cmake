# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(mutex-etcd-config SOURCES mutex-etcd/config_fuzz.cpp LINKS mutex-etcd CORPUS mutex-etcd/corpus-config)
fuzz_target(mutex-etcd-reply SOURCES mutex-etcd/reply_fuzz.cpp LINKS mutex-etcd CORPUS mutex-etcd/corpus-reply)
