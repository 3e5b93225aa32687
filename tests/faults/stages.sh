#!/bin/sh
# Where the commands of the table begin. `stages.sh after STAGE` names the stage that it is made from, `stages.sh make STAGE ENCLUA` makes it in the current folder.
set -eu
stage=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
if [ "$1" = after ]; then
	case $stage in
	empty) ;;
	home) echo empty ;;
	market) echo home ;;
	granted) echo market ;;
	asked | done) echo granted ;;
	*) echo "there is no stage $stage" >&2; exit 1 ;;
	esac
	exit
fi
enclua=$3
first() { grep -o "$1"'1[0-9a-z]\{20,\}' | head -1; }	# id of that kind

case $stage in
empty)
	cp -R "$top/iapps/hello-world" hello
	cp -R "$top/iapps/word-count" count
	printf 'one two two\n' > text.txt
	printf 'a word that nobody knows' > token.txt
	;;
home)
	"$enclua" init --no-passphrase
	for name in ada ben; do "$enclua" key new $name --no-passphrase; done
	"$enclua" iapp init rules --template policy --yes
	;;
market)
	"$enclua" account deposit 100RLC --to ben
	"$enclua" app pack count -o count.iapp
	"$enclua" app deploy count.iapp
	"$enclua" --as ada protect text.txt --name words
	"$enclua" --json data list | first data > data
	"$enclua" iapp init project --template data --yes
	;;
granted)
	"$enclua" --as ada --json grant words --app word-count --user ben --price 1RLC | first order > grant
	;;
asked)
	"$enclua" --as ben --json run-task word-count --data "$(cat data)" --max-price 1RLC --no-wait | first task > task
	;;
done)
	"$enclua" --as ben --json run-task word-count --data "$(cat data)" --max-price 1RLC -o out | first task > task
	;;
esac
