module example/@NAME@

go 1.19

require stipend/plugin v0.0.0

replace stipend/plugin => "@GO_SDK@"
