package dev.pollux.bench;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.Axis;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.AbstractRenderer;
import org.jfree.chart.renderer.category.BarRenderer;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.category.DefaultCategoryDataset;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.jfree.svg.SVGGraphics2D;

/**
 * A chart: lines over numbers, or bars beside words. A title says what is to be seen, the axes say
 * what in, the legend says who.
 */
final class Figure {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int MARGIN = 130; // title, axis and legend
    private static final int BAR = 13;
    private static final int GAP = 16;
    private static final Color GRID = new Color(0xE0E0E0);
    private static final Color TEXT = new Color(0x333333);

    /** Told apart by who cannot tell red from green, too (Okabe and Ito). */
    private static final List<Color> COLORS =
            List.of(
                    new Color(0x0072B2),
                    new Color(0xE69F00),
                    new Color(0x009E73),
                    new Color(0xD55E00),
                    new Color(0xCC79A7),
                    new Color(0x56B4E9),
                    new Color(0x000000),
                    new Color(0x8C6D31),
                    new Color(0x7F7F7F),
                    new Color(0x6A51A3),
                    new Color(0xB2182B),
                    new Color(0x1B7837),
                    new Color(0x4D4D4D),
                    new Color(0xF4A582),
                    new Color(0x92C5DE));

    private final String title;
    private final XYSeriesCollection lines;
    private final DefaultCategoryDataset bars;
    private final Plot plot;

    private Figure(String title, XYSeriesCollection lines, DefaultCategoryDataset bars, Plot plot) {
        this.title = title;
        this.lines = lines;
        this.bars = bars;
        this.plot = plot;
    }

    /** Lines over a logarithmic axis; the other one is, too, where it is said. */
    static Figure lines(String title, String x, String y, boolean logarithmic) {
        var data = new XYSeriesCollection();
        var renderer = new XYLineAndShapeRenderer();
        renderer.setDefaultStroke(new BasicStroke(2.5f));
        renderer.setAutoPopulateSeriesStroke(false);
        renderer.setDefaultShape(new Ellipse2D.Double(-3.5, -3.5, 7, 7));
        renderer.setAutoPopulateSeriesShape(false);
        colors(renderer);
        ValueAxis vertical = logarithmic ? logarithmic(y) : fromZero(y);
        var plot = new XYPlot(data, style(logarithmic(x)), style(vertical), renderer);
        plot.setDomainGridlinePaint(GRID);
        plot.setRangeGridlinePaint(GRID);
        return new Figure(title, data, null, plot);
    }

    /** Horizontal bars in groups: a group for each category, a bar in it for each series. */
    static Figure bars(String title, String value) {
        var data = new DefaultCategoryDataset();
        var renderer = new BarRenderer();
        renderer.setBarPainter(new StandardBarPainter());
        renderer.setShadowVisible(false);
        renderer.setItemMargin(0);
        colors(renderer);
        var categories = new CategoryAxis();
        categories.setMaximumCategoryLabelWidthRatio(0.45f);
        categories.setLowerMargin(0.01);
        categories.setUpperMargin(0.01);
        var plot = new CategoryPlot(data, style(categories), style(fromZero(value)), renderer);
        plot.setOrientation(PlotOrientation.HORIZONTAL);
        plot.setRangeGridlinePaint(GRID);
        return new Figure(title, null, data, plot);
    }

    /**
     * Whether charts can be drawn here: a JVM needs fonts for that, and fails in many ways without.
     */
    static boolean canBeDrawn() {
        try {
            return new Font(Font.SANS_SERIF, Font.PLAIN, 13)
                            .getStringBounds("1", new FontRenderContext(null, true, true))
                            .getWidth()
                    > 0;
        } catch (RuntimeException | LinkageError | InternalError e) {
            System.err.println(e);
            return false;
        }
    }

    Figure point(String series, double x, double y) {
        if (lines.getSeriesIndex(series) < 0) {
            lines.addSeries(new XYSeries(series));
        }
        lines.getSeries(series).add(x, y);
        return this;
    }

    Figure bar(String series, String category, double value) {
        bars.addValue(value, series, category);
        return this;
    }

    /** Draws a line where bars would be equal to what they are compared with. */
    Figure mark(double value) {
        var marker = new ValueMarker(value, TEXT, new BasicStroke(1.5f));
        ((CategoryPlot) plot).addRangeMarker(marker);
        return this;
    }

    boolean isEmpty() {
        return lines != null ? lines.getSeriesCount() == 0 : bars.getRowCount() == 0;
    }

    /** Writes {@code name.svg} and {@code name.png}. */
    void write(Path directory, String name) throws IOException {
        var chart = new JFreeChart(title, new Font(Font.SANS_SERIF, Font.BOLD, 17), plot, true);
        chart.setBackgroundPaint(Color.WHITE);
        chart.getTitle().setPaint(TEXT);
        chart.getLegend().setFrame(BlockBorder.NONE);
        chart.getLegend().setItemFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        chart.setPadding(new RectangleInsets(12, 12, 12, 20));
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlineVisible(false);
        var svg = new SVGGraphics2D(WIDTH, height());
        chart.draw(svg, new Rectangle2D.Double(0, 0, WIDTH, height()));
        Files.writeString(directory.resolve(name + ".svg"), svg.getSVGDocument());
        ChartUtils.saveChartAsPNG(
                directory.resolve(name + ".png").toFile(), chart, WIDTH, height());
    }

    private int height() {
        return lines != null
                ? HEIGHT
                : MARGIN + bars.getColumnCount() * (bars.getRowCount() * BAR + GAP);
    }

    private static void colors(AbstractRenderer renderer) {
        for (int i = 0; i < COLORS.size(); i++) {
            renderer.setSeriesPaint(i, COLORS.get(i));
        }
    }

    private static ValueAxis logarithmic(String label) {
        var axis = new LogAxis(label);
        axis.setTickUnit(new NumberTickUnit(1)); // powers of ten
        axis.setNumberFormatOverride(plainNumbers());
        return axis;
    }

    private static ValueAxis fromZero(String label) {
        var axis = new NumberAxis(label);
        axis.setNumberFormatOverride(plainNumbers());
        return axis;
    }

    private static DecimalFormat plainNumbers() {
        return new DecimalFormat("#,##0.###", DecimalFormatSymbols.getInstance(Locale.ROOT));
    }

    private static <A extends Axis> A style(A axis) {
        axis.setLabelFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        axis.setTickLabelFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        axis.setLabelPaint(TEXT);
        axis.setTickLabelPaint(TEXT);
        axis.setAxisLinePaint(GRID);
        return axis;
    }
}
