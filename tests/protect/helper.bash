# Shared by the bats files of this folder: a folder of one's own, no home but one made here, keys that age made.
load ../common
here=$BATS_TEST_DIRNAME

setup_work() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home XDG_DATA_HOME=$work/xdg HOME=$work
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
	mkdir "$work/t" && cd "$work/t" || return 1
}

teardown_work() {
	work_remove
}

# key NAME: makes NAME.key and sets the variable NAME to its recipient
key() {
	age-keygen -o "$1.key" 2> /dev/null
	printf -v "$1" %s "$(age-keygen -y "$1.key")"
}

# bytes N: N bytes, the same for every run, no two chunks alike
bytes() {
	openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2> /dev/null | head -c "$1"
}
