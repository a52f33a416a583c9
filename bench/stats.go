package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Quartiles of a sample. The median is what is compared: a mean would follow the noise of the machine.
type quartiles struct {
	n               int
	low, mid, upper time.Duration
}

func quartilesOf(sample []time.Duration) quartiles {
	sorted := slices.Sorted(slices.Values(sample))
	return quartiles{len(sorted), quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)}
}

// quantile is the value below which that part of the sorted ones lies.
func quantile[T ~int | ~int64](sorted []T, part float64) T {
	if len(sorted) == 0 {
		return 0
	}
	place := part * float64(len(sorted)-1)
	i := int(place)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + T((place-float64(i))*float64(sorted[i+1]-sorted[i]))
}

// ratio returns "1.23" or, where there is nothing to compare with, "-".
func ratio[T ~int | ~int64](x, to T) string {
	if to == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(x)/float64(to))
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.0f", float64(d)/float64(time.Microsecond))
}

// writeTable aligns the first column left and the others right.
func writeTable(w io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len(cell))
			if i == 0 {
				line.WriteString("  " + cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
