# What the setting names is hidden: what is there, and what is plugged in later.
policy!
BY = { "class" => { class: 0x0200 }, "id" => { id: "8086:100e" }, "slot" => { slot: "00:03.0" } }
PCI.hide(**BY[setting(:by)])
